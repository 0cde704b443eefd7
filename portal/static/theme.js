// Before the first paint: the theme follows the system for those who have not chosen one.
document.documentElement.dataset.bsTheme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
