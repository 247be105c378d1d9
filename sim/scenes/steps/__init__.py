"""One file per kind of step; the file's name with hyphens is the kind. Each has `Step`, a struct of
its keys, and `play(step, stage)`, which raises `seen.Unmet` when what must be seen is not. `SIM_ONLY`
= True: only a simulated board can do it; `BY_HAND`: what a person does at a real one."""
