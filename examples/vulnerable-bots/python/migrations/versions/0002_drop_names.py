"""drop the names"""
import sqlalchemy as sa
from alembic import op

revision = "0002"  # expect: mig-multi-head
down_revision = "0001"


def upgrade() -> None:
    op.drop_column("users", "name")  # expect: mig-destructive
    op.add_column("users", sa.Column("plan", sa.String(16), nullable=False))  # expect: mig-lock-heavy


def downgrade() -> None:  # expect: mig-no-downgrade
    pass
