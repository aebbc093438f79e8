"""What the portal calls itself where it has no centre's words to say: an offer's own title stands everywhere else."""

from __future__ import annotations

NOM = "Portail des conventions"
