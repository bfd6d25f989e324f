"""Readouts: how much of a part can be found in a layer at all, by whatever combines its filters (our choice).

Two passes over the crops, and no activation map is kept. The first makes the sums of the normal equations
(`sums`, of what `grid` says of cells), from which a linear readout of each part is fitted (`ridge`,
`models`), with all filters and with the few that are taken first (`sparse`). The second detects with all of
them (`detecting`), by the criterion that filters are held to (`judging`). `share` sets a part's set of
filters against its readout, `verdict` says what comes of it. All sums and solutions are float64 (`products`).
"""
