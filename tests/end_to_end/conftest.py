from tests.windows import shared_window as shared_window
