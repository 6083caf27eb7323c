"""Django and gunicorn: migrations, a page, a table of the database."""

from root import free_port, said

FILES = {
    "pyproject.toml": """
[build-system]
requires = ["setuptools>=64"]
build-backend = "setuptools.build_meta"
[project]
name = "site-of-ours"
version = "1.0"
dynamic = ["dependencies"]
[project.scripts]
site-of-ours = "ours.manage:main"
[tool.setuptools]
packages = ["ours", "ours.notes", "ours.notes.migrations"]
[tool.setuptools.package-data]
"ours.notes" = ["templates/*.html"]
[tool.setuptools.dynamic]
dependencies = { file = ["requirements.txt"] }
[tool.flavor.scripts]
gunicorn = "gunicorn.app.wsgiapp:run"
""",
    "requirements.txt": "Django\ngunicorn\n",
    "ours/__init__.py": "",
    "ours/manage.py": """
import os, sys

def main():
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ours.settings")
    from django.core.management import execute_from_command_line
    execute_from_command_line(sys.argv)
""",
    "ours/settings.py": """
SECRET_KEY = "test"
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "ours.urls"
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "ours.notes"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "/tmp/notes.db"}}
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
USE_TZ = True
TIME_ZONE = "UTC"
""",
    "ours/urls.py": """
from django.shortcuts import render
from django.urls import path
from ours.notes.models import Note

def notes(request):
    Note.objects.create(text="kept")
    return render(request, "notes.html", {"notes": Note.objects.all()})

urlpatterns = [path("", notes)]
""",
    "ours/wsgi.py": """
import os
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ours.settings")
from django.core.wsgi import get_wsgi_application
application = get_wsgi_application()
""",
    "ours/notes/__init__.py": "",
    "ours/notes/models.py": """
from django.db import models

class Note(models.Model):
    text = models.TextField()
""",
    "ours/notes/migrations/__init__.py": "",
    "ours/notes/migrations/0001_initial.py": """
from django.db import migrations, models

class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel("Note", [("id", models.AutoField(primary_key=True, serialize=False)), ("text", models.TextField())])
    ]
""",
    "ours/notes/templates/notes.html": "{% for note in notes %}<li>{{ note.text }}</li>{% endfor %}",
}


def run(workshop, full, outcome):
    root = workshop.pack(outcome, "django", workshop.project("site", FILES))
    if root is None:
        return
    done = root.run("/app.psp", "migrate")
    outcome.expect("notes.0001_initial... OK" in done.stdout, lambda: f"migrate: {said(done)}")
    port = free_port()
    with root.serving(root.named("gunicorn"), "ours.wsgi", "-w", "2", "-b", f"127.0.0.1:{port}"):
        answer = root.get(f"http://127.0.0.1:{port}/")
        outcome.expect(answer == (200, "<li>kept</li>"), lambda: f"the page: {answer} {root.log()}")
