"""Option names in English: Orderchamp knows colour and size of a variant only by axes called "Color" and "Size" (observed)."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

_SPOKEN: Mapping[str, str] = {
    "Color": "color colour colors kleur kleuren farbe farben couleur couleurs colore colori cor cores kolor barwa farve färg",
    "Size": "size sizes maat maten grootte größe groesse grösse taille taglia talla tamaño tamanho rozmiar størrelse storlek",
    "Material": "material materials materiaal materiał matière matiere matériau materiale materiaali",
    "Scent": "scent fragrance geur duft parfum profumo zapach aroma",
    "Flavor": "flavor flavour smaak geschmack goût saveur gusto sabor smak smag",
    "Length": "length lengte länge longueur lunghezza longitud largo długość længde längd",
    "Width": "width breedte breite largeur larghezza anchura ancho szerokość bredde bredd",
    "Height": "height hoogte höhe hauteur altezza altura wysokość højde höjd",
    "Weight": "weight gewicht poids peso waga vægt vikt",
    "Content": "content contents inhoud inhalt contenance contenuto contenido zawartość indhold innehåll",
    "Quantity": "quantity aantal anzahl menge quantité quantità cantidad ilość antal",
    "Shape": "shape vorm form forme forma kształt",
    "Pattern": "pattern patroon muster motif motivo patrón wzór mønster mönster",
    "Style": "style stijl stil stile estilo styl",
    "Design": "design ontwerp dessin",
}

ENGLISH: Mapping[str, str] = MappingProxyType({word: name for name, words in _SPOKEN.items() for word in words.split()})
"""What common option names are called in English, folded."""


def in_english(names: Sequence[str], own: Mapping[str, str]) -> tuple[str, ...]:
    """Return option names as Orderchamp is told them: as ``own`` says, else in English where they are known, else as they are.

    Two axes never get one name: the second keeps its own.
    """
    chosen = {_folded(name): wanted for name, wanted in own.items()}
    told: list[str] = []
    for name in names:
        wanted = chosen.get(_folded(name)) or ENGLISH.get(_folded(name)) or name
        told.append(name if wanted in told else wanted)
    return tuple(told)


def _folded(name: str) -> str:
    return name.strip().casefold()
