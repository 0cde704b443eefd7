"""What can be done with keys. Knows the unit of work, not Flask."""

from sqlalchemy import Select, select

from portal.api import Conflict, Person, UnitOfWork, ValidationFailed, message, visible

from .models import Key


class KeyAlreadyLent(Conflict):
    """The key does not hang in the cabinet."""


def keys(_tx: UnitOfWork) -> Select[str, str, str, str | None]:
    """Return every key with the name of its holder."""
    found = select(Key.public_id, Key.code, Key.room, Person.name.label("holder"))
    return found.outerjoin(Key.holder)


def key(tx: UnitOfWork, public_id: str | None) -> Key:
    """Return a key the actor may lend, a new one for None; raise NotFound."""
    mine = visible(select(Key), "keys.key.lend", tx.actor)
    return tx.one(mine, public_id=public_id) if public_id else Key()


def save(tx: UnitOfWork, key: Key, *, code: str, room: str, holder_id: int | None) -> None:
    """Write down what a key is for and who has it; raise ValidationFailed or KeyAlreadyLent."""
    other = select(Key.id).where(Key.code == code, Key.id.is_distinct_from(key.id))
    if tx.session.scalar(other) is not None:
        raise ValidationFailed({"code": message("There is a key with this code already.")})
    if key.holder_id and holder_id not in (None, key.holder_id):
        raise KeyAlreadyLent(message("{name} has {key}.", name=key.holder.name, key=key.code))
    if holder_id != key.holder_id:
        key.lent_at = tx.now if holder_id else None
    key.code, key.room, key.holder_id = code, room, holder_id
    tx.session.add(key)
    tx.audit("keys.key_saved", key, code=code, holder=holder_id)
