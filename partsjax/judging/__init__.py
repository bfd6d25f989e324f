"""A study of filters by people's judgment: items, answers, agreement."""
