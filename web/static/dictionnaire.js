// dictionary
