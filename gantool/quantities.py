"""Times and sizes as people read them."""


def step_time(seconds: float) -> str:
    """A short time, as `24.3 ms` or `1.25 s`."""
    return f"{1000 * seconds:.3g} ms" if seconds < 0.9995 else f"{seconds:,.3g} s"


def duration(seconds: float) -> str:
    """A long time in its two largest units, as `45 s`, `3 h 12 min` or `2 d 4 h`."""
    if seconds < 59.5:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours} h {minutes} min"
    days, hours = divmod(round(seconds / 3600), 24)
    return f"{days} d {hours} h"
