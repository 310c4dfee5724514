"""What is known of calls by their names: which only look, which draw, which may do anything."""

from __future__ import annotations

import builtins
import sys

# Builtins and common calls that leave their arguments as they are.
_PURE_BUILTINS = """
    abs all any ascii bin bool bytes callable chr complex dict dir divmod enumerate filter float
    format frozenset getattr hasattr hash hex id int isinstance issubclass iter len list map max
    memoryview min object oct ord pow print range repr reversed round set slice sorted str sum
    super tuple type zip open display partial deepcopy copy time sleep namedtuple tqdm trange
    train_test_split cross_val_score cross_validate clone make_pipeline make_column_transformer
    accuracy_score f1_score precision_score recall_score roc_auc_score mean_squared_error
    mean_absolute_error r2_score log_loss confusion_matrix classification_report assert_allclose
"""
PURE_CALLS = frozenset(_PURE_BUILTINS.split())

_PURE_METHODS = """
    head tail describe info sample copy groupby mean median std var min max sum count nunique
    unique value_counts corr cov quantile agg aggregate transform apply map merge join query
    select filter with_columns drop_nulls to_numpy to_pandas to_dict to_list to_arrow to_csv
    to_parquet to_json to_string to_markdown to_html to_sql write_csv write_parquet tolist item
    astype reshape ravel flatten transpose dot round clip cumsum cumprod argmax argmin argsort
    nonzero any all isna isnull notna notnull duplicated rename assign reset_index set_index
    sort_values sort_index drop dropna fillna replace melt pivot pivot_table stack unstack
    plot hist boxplot bar scatter line show savefig keys values items get index count
    format join split strip lstrip rstrip lower upper title capitalize startswith endswith
    find encode decode zfill splitlines casefold isdigit predict predict_proba score
    decision_function transform get_params get_feature_names_out inverse_transform
    is_file exists read_text read_bytes iterdir glob rglob resolve relative_to with_suffix
    detach cpu cuda clone numpy size dim numel eval_metric norm nbytes memory_usage
    union intersection difference issubset issuperset most_common total elements iterrows
    itertuples between isin iloc loc to isoformat strftime timestamp total_seconds
"""
PURE_METHODS = frozenset(_PURE_METHODS.split())
# Methods that put what they are given into their own object.
CONTAINS = frozenset(
    "append appendleft extend extendleft insert add update setdefault put push".split()
)
# Calls that go through what they are given, and leave an iterator empty.
ITERATES = frozenset(
    """
    list tuple set dict frozenset sorted sum min max any all zip map filter enumerate next iter
    reversed tqdm trange join extend fromkeys Counter deque array asarray fromiter reduce
    """.split()
)
# Calls that answer iterators, which give each of their elements once.
ITERATORS = frozenset(
    """
    iter map filter zip enumerate reversed open reader DictReader finditer iglob scandir
    iterrows itertuples chain from_iterable islice cycle count accumulate imap tee product
    permutations combinations starmap takewhile dropwhile cursor execute urlopen iter_content
    glob rglob iterdir
    """.split()
)
# Calls whose answers are made anew, and hold nothing of what they were given.
_FRESH = """
    len abs float int str bool repr format hash id round isinstance type bytes ord chr divmod
    mean std var sum count nunique item score predict predict_proba decision_function tolist
    describe isoformat strftime total_seconds lower upper strip split join deepcopy
"""
FRESH = frozenset(_FRESH.split())
FRESH_ENDINGS = ("_score", "_error", "_loss", "_report", "_matrix")

# Functions of modules that change what they are given.
CHANGES_ITS_ARGUMENT = frozenset(
    """
    shuffle heappush heappop heapify heapreplace heappushpop insort insort_left insort_right
    fill_diagonal copyto put place putmask setattr delattr update_wrapper exec_module
    setitem delitem iadd iconcat
    """.split()
)
EVERYTHING = frozenset(("exec", "eval", "globals", "locals", "vars", "compile", "__import__"))
SHELL_NAMESPACE = frozenset(
    "user_ns user_global_ns run_cell run_code run_cell_async push ex ev safe_execfile".split()
)
# How IPython lets a cell speak of what earlier ones have shown.
OUTPUT_MEMORY = frozenset(("_", "Out", "In"))

# The state of a module's random numbers, as a name that no cell can have.
RANDOM_MODULES = {
    "np.random": "<numpy.random>",
    "numpy.random": "<numpy.random>",
    "random": "<random>",
    "torch": "<torch>",
    "tf.random": "<tensorflow>",
}
SEEDS = frozenset(("seed", "manual_seed", "manual_seed_all", "set_seed"))
WITHOUT_A_DRAW = frozenset(
    """
    default_rng Generator RandomState SeedSequence PCG64 get_state Random SystemRandom getstate
    tensor as_tensor from_numpy zeros ones arange linspace load save no_grad device cat stack
    is_available device_count float32 float64 int64 long Tensor nn optim cuda sum mean exp log
    """.split()
)
# What scikit-learn and its like draw from, unless they are told otherwise.
DRAWS_QUIETLY = frozenset(
    "fit fit_transform fit_predict train_test_split cross_val_score cross_validate sample".split()
)

KNOWN_LIBRARIES = frozenset(
    """
    numpy pandas polars pyarrow scipy sklearn matplotlib seaborn plotly altair torch torchvision
    tensorflow keras jax flax optax xgboost lightgbm catboost statsmodels duckdb PIL cv2 tqdm
    joblib IPython ipywidgets nbtrack optuna hydra omegaconf transformers datasets requests httpx
    skimage imblearn category_encoders torchmetrics einops timm shap umap networkx sympy numba
    xarray dask geopandas shapely spacy nltk gensim prophet sktime bokeh plotnine yaml toml rich
    fsspec s3fs gcsfs boto3 sqlalchemy psycopg2 pymysql h5py zarr openpyxl lightning accelerate
    pytorch_lightning fastai skorch mlflow wandb tensorboard attr attrs pydantic narwhals
    """.split()
) | frozenset(sys.stdlib_module_names)
# Those whose objects change what they are given: trainers that fit a model.
TRAINERS = frozenset(
    "lightning pytorch_lightning accelerate fastai transformers skorch nbtrack".split()
)
# What estimators do with data: they leave it as it is, also where nobody knows whose they are.
LEARNS = frozenset("fit fit_transform fit_predict partial_fit".split())
# Those whose estimators keep the data that they are fitted to, and leave it as it is.
LEARNERS = frozenset("sklearn xgboost lightgbm catboost statsmodels imblearn sktime".split())

# Names that are there in every kernel.
ALWAYS_THERE = frozenset(dir(builtins)) | frozenset(
    """
    get_ipython display exit quit open __name__ __file__ __doc__ __builtins__ __builtin__
    __annotations__ _dh _sh __debug__ __spec__ __loader__ __package__ __IPYTHON__
    """.split()
)
