"""What people look at after a run: the leaderboard, its tables for papers, and the report page."""
