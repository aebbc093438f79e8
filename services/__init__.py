"""What people do: one function per action. Each checks the permission, writes in one transaction, journals in the same one."""
