from .data.dataset import Dataset as Dataset
from .data.loading import load_dataset as load_dataset
from .data.registry import register_dataset as register_dataset
from .data.schema import Image as Image
from .data.schema import Object as Object
from .data.schema import Part as Part
from .emergence.combination import Search as Search
from .emergence.method import Method as Method
from .emergence.nulls import Null as Null
from .emergence.place_prior import PlacePrior as PlacePrior
from .emergence.place_prior import PriorDetections as PriorDetections
from .emergence.verdict import NullVerdict as NullVerdict
from .emergence.verdict import Verdict as Verdict
from .errors import InputError as InputError
from .networks import Network as Network
from .networks import Preprocessing as Preprocessing
from .networks import ReceptiveField as ReceptiveField
from .networks import load_network as load_network
from .networks import make_network as make_network
from .runs.discriminativeness import discriminate as discriminate
from .runs.emergence import Emergence as Emergence
from .runs.emergence import measure as measure
from .runs.emergence import read as read
from .runs.supervision import train as train
from .supervision.recipe import Recipe as Recipe

__version__: str
