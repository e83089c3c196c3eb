"""Keeping a library: copies of it, looking whether it is whole, and saving what can be saved of a damaged one."""

from index.keeping.checking import Checked, check
from index.keeping.copies import Restored, backup, restore
from index.keeping.repairing import Repaired, repair

__all__ = ["Checked", "Repaired", "Restored", "backup", "check", "repair", "restore"]
