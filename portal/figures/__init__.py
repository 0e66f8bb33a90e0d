"""How long things take, what waits, and for whom: figures with the tables behind them."""
