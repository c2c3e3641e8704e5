"""How most of what is tried in a week begins: a courier brings parcels."""

from simulator.week.week import Week


async def bring(week: Week, *sizes: str) -> None:
    """Announce a parcel of each size, and let a courier who makes no mistakes store them."""
    people = week.people
    people.behave()
    for size in sizes:
        await people.announce(size)
    await week.pause(10.0)
    await week.do(people.visit("the courier", people.bring))
    await week.pause(90.0)
