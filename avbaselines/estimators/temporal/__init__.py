"""Frames of a recording: context, annotation delay, smoothing and the recording's mean."""
