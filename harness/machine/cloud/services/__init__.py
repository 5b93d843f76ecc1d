"""The metadata services of clouds, one file each: `answer(request, who)`, pure."""
