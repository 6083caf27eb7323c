from hello.cli import main

main(prog_name="hello")
