"""ansible-core, from the index by its requirement: a playbook that runs modules in processes of its own."""

from root import said

PLAY = """
- hosts: localhost
  connection: local
  gather_facts: true
  tasks:
    - name: a file
      copy: {dest: /tmp/made, content: "by {{ ansible_python.version.major }}"}
    - name: its end
      command: cat /tmp/made
      register: read
    - debug: {msg: "read {{ read.stdout }}"}
"""


def run(workshop, full, outcome):
    root = workshop.pack(outcome, "ansible", "ansible-core", "--script", "ansible-playbook")
    if root is None:
        return
    root.file("/home/play.yml", PLAY)
    env = {"LC_ALL": "C.UTF-8"}
    done = root.run("/app.psp", "/home/play.yml", env=env)
    outcome.expect("read by 3" in done.stdout and "failed=0" in done.stdout, lambda: f"the play: {said(done)}")
    done = root.run(root.named("ansible-doc"), "copy", env=env)
    outcome.expect("ansible.builtin.copy" in done.stdout.lower(), lambda: f"ansible-doc: {said(done)}")
