"""IMO ship numbers (IMO A.1117(30)): seven digits, the last of which checks the others.

Of real AIS sets one in twenty sends a number that does not hold: it is shown with a flag, never refused.

>>> holds(9074729), holds(9074728), holds(0)
(True, False, False)
"""


def holds(number: int) -> bool:
    """Tell whether a number is an IMO number: the digits times 7 to 2 add up to its last digit."""
    if not 1_000_000 <= number <= 9_999_999:
        return False
    digits = [int(digit) for digit in str(number)]
    return sum(digit * weight for digit, weight in zip(digits, range(7, 1, -1), strict=False)) % 10 == digits[6]
