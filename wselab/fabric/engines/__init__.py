"""Three engines that keep the same rules, and what they are made of.

To read them, take `pe` and `reference`; then `routers`, `processors`, `lockstep`; then `planes`,
`wiring`, `circuit`, `window`, `bitplane` for when things happen, and `replay` for what is computed.
"""
