"""Secrets of real shapes are replaced; ordinary code, hashes and settings are left alone.

Every value is made up, and put together here, so that no scanner takes this file for a leak.
"""

import ast
import random
import string

import pytest

from nbtrack.capture.secrets import REPLACEMENT, looks_secret, redact, redact_counted

_chance = random.Random(7)
LETTERS = string.ascii_letters + string.digits
UPPER = string.ascii_uppercase + string.digits
HEX = "0123456789abcdef"


def made(length, alphabet=LETTERS):
    return "".join(_chance.choice(alphabet) for _ in range(length))


def pem(kind):
    body = "\n".join(made(64) for _ in range(3))
    return f"-----BEGIN {kind}PRIVATE KEY-----\n{body}\n-----END {kind}PRIVATE KEY-----"


JWT = f"eyJ{made(20)}.eyJ{made(40)}.{made(43)}"
W = made(24)  # a word that nobody would guess

# Text with %s where the secret stands, and the secret.
SECRETS = [
    ("%s", "AKIA" + made(16, UPPER)),
    ("aws_access_key_id = %s", "ASIA" + made(16, UPPER)),
    ("aws_secret_access_key = %s", made(40)),
    ("AWS_SECRET_ACCESS_KEY='%s'", made(40)),
    ("export AWS_SESSION_TOKEN=%s", made(120)),
    ('boto3.client("s3", aws_secret_access_key="%s")', made(40)),
    ("token = '%s'", "ghp" + "_" + made(36)),
    ("git clone https://%s@github.com/a/b", "gho" + "_" + made(36)),
    ("%s", "github" + "_pat_" + made(22) + "_" + made(59)),
    ("%s", "glpat" + "-" + made(20)),
    ("%s", "xoxb" + "-" + made(12, string.digits) + "-" + made(24)),
    ("slack(%r)", "xapp" + "-1-" + made(30)),
    ("%s", "sk" + "_live_" + made(24)),
    ("%s", "rk" + "_test_" + made(24)),
    ("%s", "whsec" + "_" + made(32)),
    ("openai.api_key = '%s'", "sk" + "-" + made(48)),
    ("%s", "sk" + "-proj-" + made(60)),
    ("%s", "sk" + "-ant-api03-" + made(80)),
    ("login(token='%s')", "hf" + "_" + made(34)),
    ("%s", "AIza" + made(35)),
    ("%s", "ya29." + made(60)),
    ("client_secret = '%s'", "GOCSPX" + "-" + made(28)),
    ("//registry/:_authToken=%s", "npm" + "_" + made(36)),
    ("TWINE_PASSWORD=%s", "pypi" + "-" + made(80)),
    ("%s", "SG." + made(22) + "." + made(43)),
    ("%s", "key" + "-" + made(32, HEX)),
    ("%s", made(32, HEX) + "-us12"),
    ("%s", "SK" + made(32, HEX)),
    ("bot = '%s'", made(9, "123456789") + ":AA" + made(33)),
    ("%s", "M" + made(23) + "." + made(6) + "." + made(30)),
    ("DATABRICKS_TOKEN=%s", "dapi" + made(32, HEX)),
    ("%s", "dop" + "_v1_" + made(64, HEX)),
    ("%s", "shpat" + "_" + made(32, HEX)),
    ("%s", "glsa" + "_" + made(32) + "_" + made(8, HEX)),
    ("%s", "NRAK" + "-" + made(27, UPPER)),
    ("%s", "r8" + "_" + made(37)),
    ("%s", "dckr" + "_pat_" + made(27)),
    ("%s", "hvs." + made(30)),
    ("%s", JWT),
    ("headers = {'Authorization': 'Bearer %s'}", JWT),
    ("headers = {'Authorization': 'Bearer %s'}", made(40)),
    ("Authorization: Basic %s", made(24) + "=="),
    ("requests.get(url, headers={'X-Api-Key': '%s'})", W),
    ("Cookie: %s", "session=" + made(40)),
    ("create_engine('postgresql://ann:%s@db.example.org:5432/runs')", W),
    ("mysql+pymysql://ann:%s@localhost/x", "p4ss:w0rd"),
    ("mongodb+srv://ann:%s@cluster0.example.net/x", W),
    ("redis://:%s@cache:6379/0", W),
    ("amqp://guest:%s@broker//", W),
    ("https://ann:%s@mlflow.example.org", W),
    ("pip install --index-url https://ann:%s@pypi.example.org/simple x", W),
    ("https://acc.blob.core.windows.net/c/b?sv=2022&sig=%s", made(43) + "%3D"),
    ("https://b.s3.amazonaws.com/k?X-Amz-Signature=%s&X-Amz-Expires=60", made(64, HEX)),
    ("https://example.org/api?token=%s", W),
    ("https://example.org/api?q=1&access_token=%s&n=2", W),
    ("DefaultEndpointsProtocol=https;AccountName=a;AccountKey=%s;", made(86) + "=="),
    ("Server=db;Uid=ann;Pwd=%s;", W),
    ("Endpoint=sb://x/;SharedAccessKeyName=r;SharedAccessKey=%s", made(43) + "="),
    ("password = '%s'", "correct horse battery"),
    ('PASSWORD = "%s"', W),
    ('cfg = {"password": "%s", "user": "ann"}', W),
    ("connect(user='ann', password='%s')", "hunter2!"),
    ("db_password: %s", W),
    ("DB_PASSWORD=%s", W),
    ("export WANDB_API_KEY=%s", made(40, HEX)),
    ("os.environ['HF_TOKEN'] = '%s'", W),
    ("%%env OPENAI_KEY_TOKEN=%s", W),
    ("mlflow_tracking_password = '%s'", W),
    ("MLFLOW_TRACKING_TOKEN=%s", W),
    ("run --password %s --user ann", W),
    ("run --api-key=%s", W),
    ("curl -u ann:%s https://example.org", W),
    ("machine example.org login ann password %s", W),
    ('{"private_key_id": "%s"}', made(40, HEX)),
    ("encryption_key = b'%s'", W),
    ("passphrase: '%s'", W),
    ("+    secret = '%s'", W),
    ("refresh_token: str = '%s'", W),
    ("snowflake.connect(account='x', password='''%s''')", W),
]

INNOCENT = [
    "commit 3f786850e387550fdab836ed7e6dc881de23001b",
    "md5 = 'd41d8cd98f00b204e9800998ecf8427e'",
    "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "run_id = '01a209881d74708f983308f7183799a2'",
    "id = UUID('123e4567-e89b-12d3-a456-426614174000')",
    "src='data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAUA'",
    "password = getpass()",
    "password = getpass('Password: ')",
    "password = os.environ['DB_PASSWORD']",
    "api_key = os.environ.get('API_KEY')",
    "api_key=os.getenv('OPENAI_API_KEY')",
    "password = input('password')",
    "token = tokenizer.encode(text)",
    "tokens = text.split()",
    "max_tokens=4096",
    "max_new_tokens = 256",
    "token_dropout=0.1",
    "pad_token = '<pad>'",
    "eos_token='</s>'",
    "tokenizer = 'bert-base-uncased'",
    "num_tokens: 12345678",
    "tokens/s: 1234.5678",
    "key='accuracy'",
    "sorted(runs, key=lambda run: run.loss)",
    "json.dumps(x, sort_keys=True)",
    "df.merge(other, on='key')",
    "primary_key = 'customer_id'",
    "for key, value in params.items():",
    "rng_key = jax.random.PRNGKey(0)",
    "secret_santa = draw(names)",
    "author = 'Ann Other'",
    "pass",
    "passed = True",
    "compass = 'north'",
    "password = '<your password>'",
    "api_key = 'YOUR_API_KEY'",
    "api_key = 'your-key-here'",
    "password = '...'",
    "password = 'xxxxxxxx'",
    "password = '********'",
    "password: ${DB_PASSWORD}",
    "token: {{ secrets.TOKEN }}",
    "password = ''",
    "password = None",
    "def login(user, password):",
    "def login(user, password: str = 'changeme-') -> None:"[:34],
    "password_length = 12",
    "secret_name = 'projects/x/secrets/y'",
    "https://example.org/path?page=2&sort=asc",
    "https://example.org:8080/x@y",
    "ann@example.org",
    "git@github.com:team/project.git",
    "postgresql://localhost/runs",
    "postgresql://ann@localhost/runs",
    "postgresql://ann:${PASSWORD}@localhost/runs",
    "/home/someone/data/some-long-path/with/many/parts/file.parquet",
    "lr=0.001, betas=(0.9, 0.999), weight_decay=1e-2",
    "state = [2147483648, 3564348608, 1266698288, 4212707361]",
    "model = AutoModel.from_pretrained('bert-base-uncased', token=token)",
    "x = np.array([[1.0, 2.0], [3.0, 4.0]])",
    "monkey = 'george'",
    "print(f'{tokens_per_second:.1f}')",
    "token_type_ids = batch['token_type_ids']",
    "Basic statistics of the data",
    "The secret of good features is domain knowledge.",
    "sk-learn is how some write scikit-learn",
]


def test_the_corpus_is_large_enough():
    assert len(SECRETS) >= 60
    assert len(INNOCENT) >= 40


@pytest.mark.parametrize(("text", "secret"), SECRETS, ids=[text for text, _ in SECRETS])
def test_a_secret_is_replaced_and_what_is_around_it_kept(text, secret):
    whole = text.replace("%r", repr(secret)).replace("%s", secret).replace("%%", "%")
    found, count = redact_counted(whole)
    assert secret not in found
    assert count >= 1
    assert REPLACEMENT in found
    head = text.partition("%s")[0].partition("%r")[0].replace("%%", "%")
    assert found.startswith(head.rstrip("'\"") if "%r" in text else head)
    assert redact(found) == found


@pytest.mark.parametrize("text", INNOCENT)
def test_what_is_no_secret_is_left_alone(text):
    assert redact(text) == text


@pytest.mark.parametrize("kind", ["", "RSA ", "EC ", "OPENSSH ", "ENCRYPTED "])
def test_a_private_key_is_replaced_and_lines_stay_where_they_are(kind):
    key = pem(kind)
    source = f'key = """{key}"""\nafter = 1\n'
    found = redact(source)
    for line in key.splitlines()[1:-1]:
        assert line not in found
    ast.parse(found)
    assert redact(found) == found


def test_a_key_in_one_line_with_escapes_is_replaced():
    body = made(64)
    text = (
        '{"private_key": "-----BEGIN PRIVATE KEY-----\\n' + body + '\\n-----END PRIVATE KEY-----"}'
    )
    assert body not in redact(text)


def test_python_stays_python_with_as_many_lines():
    for text, secret in SECRETS:
        whole = text.replace("%r", repr(secret)).replace("%s", secret).replace("%%", "%")
        source = f"a = 1\n{whole}\nb = 2\n"
        try:
            ast.parse(source)
        except SyntaxError:
            continue
        found = redact(source)
        ast.parse(found)
        assert found.count("\n") == source.count("\n")


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("password", "hunter2!", True),
        ("db.password", "hunter2!", True),
        ("OPENAI_API_KEY", "whatever-it-is", True),
        ("hf_token", "abcdefgh", True),
        ("token", b"bytes", True),
        ("url", f"postgresql://ann:{W}@db/x", True),
        ("anything", "ghp" + "_" + made(36), True),
        ("max_tokens", 4096, False),
        ("password_length", 12, False),
        ("token", 3, False),
        ("pad_token", "<pad>", False),
        ("key", "accuracy", False),
        ("lr", 0.1, False),
        ("password", "<your password>", False),
    ],
)
def test_variables_that_hold_secrets_are_told_by_name_and_value(name, value, expected):
    assert looks_secret(name, value) is expected


@pytest.mark.parametrize(
    "text",
    [
        "a" * 1_000_000,
        "password" * 100_000,
        "://a:" * 200_000,
        "key=" * 250_000,
        "-----BEGIN PRIVATE KEY-----" * 20_000,
        "eyJ" + "a" * 1_000_000,
        "token = '" + "\\" * 200_000,
        "&token=" * 100_000,
    ],
    ids=range(8),
)
def test_hostile_texts_are_gone_through(text):
    redact(text)
