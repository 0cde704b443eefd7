"""working calendars, holidays and absences"""

import sqlalchemy as sa
from alembic import op

from portal.orm import KeyText

revision = "core0010"
down_revision = "core0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "holiday_list",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("region", sa.String(length=12), nullable=False),
        *_public_named(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holiday_list")),
        sa.UniqueConstraint("name_key", name=op.f("uq_holiday_list_name_key")),
        sa.UniqueConstraint("public_id", name=op.f("uq_holiday_list_public_id")),
    )
    op.create_table(
        "holiday",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("list_id", sa.Integer(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("windows", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("public_id", sa.String(length=12), nullable=False),
        sa.ForeignKeyConstraint(
            ["list_id"],
            ["holiday_list.id"],
            name=op.f("fk_holiday_list_id_holiday_list"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holiday")),
        sa.UniqueConstraint("list_id", "on", name=op.f("uq_holiday_list_id_on")),
        sa.UniqueConstraint("public_id", name=op.f("uq_holiday_public_id")),
    )
    op.create_table(
        "work_calendar",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=True),
        sa.Column("week", sa.JSON(), nullable=False),
        sa.Column("usual", sa.Boolean(), nullable=False),
        sa.Column("holiday_list_id", sa.Integer(), nullable=True),
        *_public_named(),
        sa.ForeignKeyConstraint(
            ["holiday_list_id"],
            ["holiday_list.id"],
            name=op.f("fk_work_calendar_holiday_list_id_holiday_list"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_work_calendar")),
        sa.UniqueConstraint("name_key", name=op.f("uq_work_calendar_name_key")),
        sa.UniqueConstraint("public_id", name=op.f("uq_work_calendar_public_id")),
    )
    op.create_index("ix_work_calendar_holiday_list_id", "work_calendar", ["holiday_list_id"])
    op.create_index(
        "uq_work_calendar_usual",
        "work_calendar",
        ["usual"],
        unique=True,
        sqlite_where=sa.text("usual = 1"),
        postgresql_where=sa.text("usual"),
    )
    op.create_table(
        "work_day",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("calendar_id", sa.Integer(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("windows", sa.JSON(), nullable=False),
        sa.Column("public_id", sa.String(length=12), nullable=False),
        sa.ForeignKeyConstraint(
            ["calendar_id"],
            ["work_calendar.id"],
            name=op.f("fk_work_day_calendar_id_work_calendar"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_work_day")),
        sa.UniqueConstraint("calendar_id", "on", name=op.f("uq_work_day_calendar_id_on")),
        sa.UniqueConstraint("public_id", name=op.f("uq_work_day_public_id")),
    )
    _use()
    _absence()


def _public_named() -> tuple[sa.Column, ...]:
    return (
        sa.Column("public_id", sa.String(length=12), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("name_key", KeyText, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
    )


def _use() -> None:
    op.create_table(
        "work_calendar_use",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("calendar_id", sa.Integer(), nullable=False),
        sa.Column("department_id", sa.Integer(), nullable=True),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "(department_id IS NULL) <> (person_id IS NULL)",
            name=op.f("ck_work_calendar_use_one_of_both"),
        ),
        *(
            sa.ForeignKeyConstraint(
                [column],
                [f"{table}.id"],
                name=op.f(f"fk_work_calendar_use_{column}_{table}"),
                ondelete="CASCADE",
            )
            for column, table in (
                ("calendar_id", "work_calendar"),
                ("department_id", "department"),
                ("person_id", "person"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_work_calendar_use")),
        sa.UniqueConstraint("department_id", name=op.f("uq_work_calendar_use_department_id")),
        sa.UniqueConstraint("person_id", name=op.f("uq_work_calendar_use_person_id")),
    )
    op.create_index("ix_work_calendar_use_calendar_id", "work_calendar_use", ["calendar_id"])


def _absence() -> None:
    op.create_table(
        "absence",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column("from_noon", sa.Boolean(), nullable=False),
        sa.Column("until_noon", sa.Boolean(), nullable=False),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("public_id", sa.String(length=12), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("last_on >= from_on", name=op.f("ck_absence_range")),
        sa.CheckConstraint(
            "last_on > from_on OR NOT (from_noon AND until_noon)", name=op.f("ck_absence_not_empty")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
            name=op.f("fk_absence_person_id_person"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_absence")),
        sa.UniqueConstraint("public_id", name=op.f("uq_absence_public_id")),
    )
    op.create_index("ix_absence_person_id", "absence", ["person_id", "last_on"])
    op.create_index("ix_absence_from_on", "absence", ["from_on", "id"])
    op.create_index("ix_absence_last_on", "absence", ["last_on", "id"])


def downgrade() -> None:
    op.drop_table("absence")
    op.drop_table("work_calendar_use")
    op.drop_table("work_day")
    op.drop_table("work_calendar")
    op.drop_table("holiday")
    op.drop_table("holiday_list")
