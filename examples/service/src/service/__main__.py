from service.cli import main

# Spawned workers import this file under another name and must not start a second service.
if __name__ == "__main__":
    raise SystemExit(main())
