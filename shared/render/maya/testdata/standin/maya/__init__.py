# A stand-in for the parts of Maya that shared/render/maya/session.py calls. A scene is a
# JSON file: {"cameras": [...], "layers": [...], "files": {"node": "path"}, "scripts": true}.
