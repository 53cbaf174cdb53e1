"""The commands of `python -m sync`, a module each."""

from __future__ import annotations

from sync.commands.check import check_command
from sync.commands.issues import issues_command, retry_command
from sync.commands.pausing import pause_command, resume_command
from sync.commands.sending import allow_command, resend_command
from sync.commands.status import status_command
from sync.commands.sweep import sweep_command
from sync.commands.waiting import waiting_command

COMMANDS = (
    check_command,
    status_command,
    issues_command,
    retry_command,
    waiting_command,
    sweep_command,
    pause_command,
    resume_command,
    allow_command,
    resend_command,
)
