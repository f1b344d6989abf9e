"""From predictions to result rows: selection, intervals and paired comparisons."""
