"""Reports of a run, for people to read: the leaderboard, its tables for papers, and the report page."""
