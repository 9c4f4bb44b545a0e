"""`gantool version`: what somebody who helps has to know."""

import click


@click.command()
def version() -> None:
    """Show the versions of gantool and its libraries, and the device that training computes on."""
    import platform
    from importlib.metadata import version as release

    from gantool import __version__
    from gantool.cli.loading import start_tensorflow

    click.echo(f"gantool     {__version__}")
    click.echo(f"Python      {platform.python_version()}, {platform.platform()}")
    click.echo(f"TensorFlow  {release('tensorflow')}")
    click.echo(f"Keras       {release('keras')}")
    start_tensorflow()
    from gantool.networks.devices import find_device

    device = find_device()
    click.echo(f"device      {device.name}, {device.precision} ({device.reason})")
