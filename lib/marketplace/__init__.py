"""A simulated marketplace whose causes are known; it knows nothing of what reads its extracts."""
