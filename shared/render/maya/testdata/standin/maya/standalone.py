ready = False


def initialize(name="python"):
    global ready
    ready = True
