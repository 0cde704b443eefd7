"""who decides what people ask for"""

import sqlalchemy as sa
from alembic import op

revision = "core0012"
down_revision = "core0011"
branch_labels = None
depends_on = None

PENDING = {
    "sqlite_where": sa.text("state = 'pending'"),
    "postgresql_where": sa.text("state = 'pending'"),
}


def upgrade() -> None:
    _rules()
    _requests()
    _steps()
    _decisions()
    _make_decisions_append_only()


def _rules() -> None:
    op.create_table(
        "approval_rule",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=80), nullable=False),
        sa.Column("department_id", sa.Integer(), nullable=True),
        sa.Column("from_amount", sa.BigInteger(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("who", sa.String(length=12), nullable=False),
        sa.Column("role_id", sa.Integer(), nullable=True),
        sa.Column("needed", sa.Integer(), nullable=False),
        sa.Column("remind_hours", sa.Integer(), nullable=False),
        sa.Column("escalate_hours", sa.Integer(), nullable=True),
        sa.Column("slot", sa.String(length=140), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by_id", sa.Integer(), nullable=True),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("public_id", sa.String(length=12), nullable=False),
        *_checks(
            "approval_rule",
            who="who IN ('manager', 'role', 'people')",
            role="(who = 'role') = (role_id IS NOT NULL)",
            place="from_amount >= 0 AND step BETWEEN 1 AND 9",
            needed="needed BETWEEN 1 AND 9",
            remind="remind_hours BETWEEN 1 AND 400",
            escalate="escalate_hours IS NULL OR escalate_hours > remind_hours",
            slot="(slot IS NULL) = (retired_at IS NOT NULL)",
        ),
        *_keys("approval_rule", department_id="department", role_id="role", made_by_id="person"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval_rule")),
        sa.UniqueConstraint("public_id", name=op.f("uq_approval_rule_public_id")),
        sa.UniqueConstraint("slot", name=op.f("uq_approval_rule_slot")),
    )
    op.create_index("ix_approval_rule_kind", "approval_rule", ["kind", "retired_at"])
    op.create_index("ix_approval_rule_department_id", "approval_rule", ["department_id"])
    op.create_index("ix_approval_rule_role_id", "approval_rule", ["role_id"])
    op.create_table(
        "approval_rule_person",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("rule_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["rule_id"],
            ["approval_rule.id"],
            name=op.f("fk_approval_rule_person_rule_id_approval_rule"),
            ondelete="CASCADE",
        ),
        *_keys("approval_rule_person", person_id="person"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval_rule_person")),
        sa.UniqueConstraint(
            "rule_id", "person_id", name=op.f("uq_approval_rule_person_rule_id_person_id")
        ),
    )
    op.create_index("ix_approval_rule_person_person_id", "approval_rule_person", ["person_id"])


def _requests() -> None:
    op.create_table(
        "approval",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=80), nullable=False),
        sa.Column("subject", sa.String(length=40), nullable=False),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("gaps", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.Column("together", sa.BigInteger(), nullable=True),
        sa.Column("requester_id", sa.Integer(), nullable=False),
        sa.Column("beneficiary_id", sa.Integer(), nullable=True),
        sa.Column("department_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=128), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("open_step", sa.Integer(), nullable=False),
        sa.Column("deciding", sa.Integer(), nullable=False),
        sa.Column("escalated", sa.Boolean(), nullable=False),
        sa.Column("spent", sa.String(length=200), nullable=False),
        sa.Column("public_id", sa.String(length=12), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        *_checks(
            "approval",
            state=("state IN ('pending', 'approved', 'refused', 'withdrawn', 'expired', 'void')"),
            decided="(state = 'pending') = (decided_at IS NULL)",
            amount="amount IS NULL OR amount >= 0",
        ),
        *_keys(
            "approval",
            requester_id="person",
            beneficiary_id="person",
            department_id="department",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval")),
        sa.UniqueConstraint("public_id", name=op.f("uq_approval_public_id")),
    )
    op.create_index("uq_approval_open", "approval", ["kind", "subject"], unique=True, **PENDING)
    op.create_index("ix_approval_subject", "approval", ["kind", "subject", "id"])
    op.create_index("ix_approval_due", "approval", ["due_at", "id"], **PENDING)
    pair = ["deciding", "department_id"]
    op.create_index("ix_approval_arm", "approval", [*pair, "due_at", "id"], **PENDING)
    asker = [*pair, "requester_id", "due_at", "id"]
    op.create_index("ix_approval_asker", "approval", asker, **PENDING)
    given = sa.text("state = 'pending' AND spent <> ''")
    where = {"sqlite_where": given, "postgresql_where": given}
    op.create_index("ix_approval_spent", "approval", [*pair, "spent"], **where)
    late = {
        "sqlite_where": sa.text("state = 'pending' AND escalated = 1"),
        "postgresql_where": sa.text("state = 'pending' AND escalated"),
    }
    op.create_index("ix_approval_late", "approval", [*pair, "due_at", "id"], **late)
    some = {
        f"{database}_where": sa.text("state = 'pending' AND beneficiary_id IS NOT NULL")
        for database in ("sqlite", "postgresql")
    }
    op.create_index("ix_approval_gains", "approval", ["beneficiary_id", "due_at", "id"], **some)
    for column in ("requester_id", "beneficiary_id"):
        op.create_index(f"ix_approval_{column}", "approval", [column, "asked_at", "id"])
    op.create_index("ix_approval_department_id", "approval", ["department_id"])
    op.create_index("ix_approval_asked_at", "approval", ["asked_at", "id"], **PENDING)


def _steps() -> None:
    op.create_table(
        "approval_step",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("approval_id", sa.Integer(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("rule_id", sa.Integer(), nullable=True),
        sa.Column("needed", sa.Integer(), nullable=False),
        sa.Column("remind_hours", sa.Integer(), nullable=False),
        sa.Column("escalate_hours", sa.Integer(), nullable=True),
        *(
            sa.Column(name, sa.DateTime(timezone=True), nullable=True)
            for name in (
                *("opened_at", "remind_at", "escalate_at"),
                *("reminded_at", "escalated_at", "closed_at"),
            )
        ),
        *_checks("approval_step", needed="needed BETWEEN 1 AND 9"),
        *_keys("approval_step", approval_id="approval", rule_id="approval_rule"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval_step")),
        sa.UniqueConstraint("approval_id", "n", name=op.f("uq_approval_step_approval_id_n")),
    )
    op.create_index("ix_approval_step_rule_id", "approval_step", ["rule_id"])
    for due, mark in (("remind_at", "reminded_at"), ("escalate_at", "escalated_at")):
        waits = sa.text(f"{mark} IS NULL AND closed_at IS NULL")
        where = {"sqlite_where": waits, "postgresql_where": waits}
        op.create_index(f"ix_approval_step_{due}", "approval_step", [due, "id"], **where)


def _decisions() -> None:
    op.create_table(
        "approval_decision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("approval_id", sa.Integer(), nullable=False),
        sa.Column("step_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("on_behalf_of_id", sa.Integer(), nullable=True),
        sa.Column("way", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.String(length=8), nullable=False),
        sa.Column("comment", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        *_checks(
            "approval_decision",
            verdict="verdict IN ('approve', 'refuse')",
            reason="verdict = 'approve' OR comment <> ''",
            not_oneself="on_behalf_of_id <> person_id",
        ),
        *_keys(
            "approval_decision",
            approval_id="approval",
            step_id="approval_step",
            person_id="person",
            on_behalf_of_id="person",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval_decision")),
        sa.UniqueConstraint(
            "step_id", "person_id", name=op.f("uq_approval_decision_step_id_person_id")
        ),
    )
    for column in ("person_id", "on_behalf_of_id"):
        name = f"ix_approval_decision_{column}"
        op.create_index(name, "approval_decision", [column, "at", "id"])
    op.create_index("ix_approval_decision_approval_id", "approval_decision", ["approval_id", "id"])


def _make_decisions_append_only() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for act in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER approval_decision_refuses_{act.lower()}"
                f" BEFORE {act} ON approval_decision"
                " BEGIN SELECT RAISE(ABORT, 'decisions are append-only'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION core_decided_once() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'decisions are append-only'; END $$"
    )
    op.execute(
        "CREATE TRIGGER approval_decision_refuses_change"
        " BEFORE UPDATE OR DELETE OR TRUNCATE ON approval_decision"
        " FOR EACH STATEMENT EXECUTE FUNCTION core_decided_once()"
    )


def _checks(table: str, **named: str) -> list[sa.CheckConstraint]:
    return [sa.CheckConstraint(rule, name=op.f(f"ck_{table}_{n}")) for n, rule in named.items()]


def _keys(table: str, **targets: str) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint(
            [column],
            [f"{target}.id"],
            name=op.f(f"fk_{table}_{column}_{target}"),
            ondelete="RESTRICT",
        )
        for column, target in targets.items()
    ]


def downgrade() -> None:
    for table in ("decision", "step"):
        op.drop_table(f"approval_{table}")
    op.drop_table("approval")
    for table in ("rule_person", "rule"):
        op.drop_table(f"approval_{table}")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION core_decided_once()")
