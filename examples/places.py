"""The atlas's figures. Heights in metres, lengths in kilometres, areas in square kilometres.

Populations are those of the city itself, at the census or in the register of the year beside them.
"""

from typing import Final

MOUNTAINS: Final = {
    "Mount Everest": (8849, "Nepal and China"),
    "K2": (8611, "Pakistan and China"),
    "Kangchenjunga": (8586, "Nepal and India"),
    "Lhotse": (8516, "Nepal and China"),
    "Nanga Parbat": (8126, "Pakistan"),
    "Aconcagua": (6961, "Argentina"),
    "Denali": (6190, "the United States"),
    "Kilimanjaro": (5895, "Tanzania"),
    "Mount Elbrus": (5642, "Russia"),
    "Vinson": (4892, "Antarctica"),
    "Matterhorn": (4478, "Switzerland and Italy"),
    "Mount Fuji": (3776, "Japan"),
    "Aoraki": (3724, "New Zealand"),
    "Zugspitze": (2962, "Germany"),
    "Mount Kosciuszko": (2228, "Australia"),
    "Ben Nevis": (1345, "the United Kingdom"),
}

RIVERS: Final = {
    "Nile": (6650, "the Mediterranean Sea"),
    "Amazon": (6400, "the Atlantic Ocean"),
    "Yangtze": (6300, "the East China Sea"),
    "Congo": (4700, "the Atlantic Ocean"),
    "Volga": (3530, "the Caspian Sea"),
    "Indus": (3180, "the Arabian Sea"),
    "Danube": (2850, "the Black Sea"),
    "Ganges": (2525, "the Bay of Bengal"),
    "Murray": (2508, "the Southern Ocean"),
    "Rhine": (1233, "the North Sea"),
    "Elbe": (1094, "the North Sea"),
    "Thames": (346, "the North Sea"),
}

DESERTS: Final = {
    "Antarctic Desert": (14_200_000, "Antarctica"),
    "Sahara": (9_200_000, "Africa"),
    "Arabian Desert": (2_330_000, "Asia"),
    "Gobi": (1_295_000, "Asia"),
    "Kalahari": (930_000, "Africa"),
    "Karakum": (350_000, "Asia"),
    "Atacama": (105_000, "South America"),
    "Namib": (81_000, "Africa"),
}

CITIES: Final = {
    "Paris": ("France", 2_165_423, 2019, 48.86, 2.35),
    "Marseille": ("France", 870_731, 2019, 43.30, 5.37),
    "Lyon": ("France", 522_969, 2019, 45.76, 4.84),
    "Berlin": ("Germany", 3_677_472, 2021, 52.52, 13.41),
    "Hamburg": ("Germany", 1_853_935, 2021, 53.55, 9.99),
    "Munich": ("Germany", 1_487_708, 2021, 48.14, 11.58),
    "Cologne": ("Germany", 1_073_096, 2021, 50.94, 6.96),
    "Tokyo": ("Japan", 14_047_594, 2020, 35.69, 139.69),
    "Osaka": ("Japan", 2_752_412, 2020, 34.69, 135.50),
    "Kyoto": ("Japan", 1_463_723, 2020, 35.01, 135.77),
    "New York": ("United States", 8_804_190, 2020, 40.71, -74.01),
    "Los Angeles": ("United States", 3_898_747, 2020, 34.05, -118.24),
    "Chicago": ("United States", 2_746_388, 2020, 41.88, -87.63),
    "Toronto": ("Canada", 2_794_356, 2021, 43.65, -79.38),
    "Montreal": ("Canada", 1_762_949, 2021, 45.50, -73.57),
    "Vancouver": ("Canada", 662_248, 2021, 49.28, -123.12),
    "Mumbai": ("India", 12_442_373, 2011, 19.08, 72.88),
    "Kolkata": ("India", 4_496_694, 2011, 22.57, 88.36),
    "London": ("United Kingdom", 8_799_800, 2021, 51.51, -0.13),
    "Birmingham": ("United Kingdom", 1_144_900, 2021, 52.48, -1.90),
    "Nairobi": ("Kenya", 4_397_073, 2019, -1.29, 36.82),
}

CAPITALS: Final = {
    "France": "Paris",
    "Germany": "Berlin",
    "Japan": "Tokyo",
    "United States": "Washington, D.C.",
    "Canada": "Ottawa",
    "India": "New Delhi",
    "United Kingdom": "London",
    "Kenya": "Nairobi",
}

ARTICLES: Final = (
    {name: f"{name} is a mountain in {where}, {height:,} metres high." for name, (height, where) in MOUNTAINS.items()}
    | {
        name: f"The {name} is a river, {length:,} kilometres long. It flows into {sea}."
        for name, (length, sea) in RIVERS.items()
    }
    | {
        name: f"The {name} is a desert in {where}, {area:,} square kilometres large."
        for name, (area, where) in DESERTS.items()
    }
    | {
        name: f"{name} is a city in {country} with {people:,} inhabitants ({year})."
        for name, (country, people, year, _, _) in CITIES.items()
    }
)
"""A paragraph about every place."""
