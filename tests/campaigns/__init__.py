"""Long campaigns against a served portal: a slow test runs each, and a command runs it longer."""
