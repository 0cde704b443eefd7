from a_library_that_nobody_has import Blueprint

blueprint = Blueprint("absent", __name__)
