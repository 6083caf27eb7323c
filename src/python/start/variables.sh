# Read by the scripts of a package before they start its interpreter.
#
# Variables that say where modules come from are kept from the interpreter, which gives them back to the program
# (sitecustomize.py).
flavor_withheld=
for flavor_name in @NAMES@; do
    if eval "[ \"\${$flavor_name+set}\" ]"; then
        eval "export FLAVOR_WITHHELD_$flavor_name=\"\$$flavor_name\""
        unset "$flavor_name"
        flavor_withheld=1
    fi
done
if [ "$flavor_withheld" ]; then
    export PYTHONPATH="$flavor_bin/../@DIRECTORY@"
fi
flavor_script='@SCRIPT@'
flavor_file='@FILE@'
