"""What made a run: whether it can be made again, making it again, and what differs between two.

``recipe`` gathers what a run recorded of its origin.
"""
