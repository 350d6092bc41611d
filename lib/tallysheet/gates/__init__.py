"""The gates that a KPI's week passes, in order: each looks at one table and says what it finds."""
