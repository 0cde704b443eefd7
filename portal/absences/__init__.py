"""Who is away on which days, never why."""
