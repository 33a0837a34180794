"""Write every example out again with all its fields: after a field was added, whose default leaves it as it was."""

from __future__ import annotations

import json
from pathlib import Path

from engine.document.serialization import document_from_json, document_to_json

for file in sorted((Path(__file__).parents[1] / "assets" / "examples").glob("*.json")):
    data = json.loads(file.read_text(encoding="utf-8"))
    data["document"] = document_to_json(document_from_json(data["document"], file.stem))
    file.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
