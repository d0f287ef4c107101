"""
ClickHouse's engine (chDB) behind as much of ClickHouse's HTTP interface as its client uses. Every statement about data is the engine's own
work: tables, views, constraints, deduplication, mutations, grants, row policies, settings' bounds. What chDB lacks is a store of users, so
this keeps them: an access statement is read by the engine's parser (formatQuerySingleLine), and what it says is handed to the engine as
its users' configuration. The engine is started anew whenever another user asks: each query runs with that user's rights alone.

    server.py serve PORT FOLDER        entered as `admin` with the password in ADMIN_PASSWORD
"""
import base64, hashlib, json, os, re, subprocess, sys, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit
from xml.sax.saxutils import escape

ADMIN = 'admin'


# ── the engine: a process of its own, one statement a line ──────────────────────────────────────────

def engine(folder, config):
    import chdb
    connection = chdb.connect(f'{folder}?config-file={config}')
    for line in sys.stdin:
        try:
            answer = {'text': str(connection.query(json.loads(line), 'TabSeparated'))}
        except Exception as error:  # told to whoever asked
            answer = {'error': str(error)}
        print(json.dumps(answer), flush=True)


class Refused(Exception):
    """As ClickHouse writes an error: `Code: 497. DB::Exception: … (ACCESS_DENIED)`."""


class Engine:
    def __init__(self, folder):
        self.folder, self.process, self.running_as = folder, None, None

    def run(self, users, statement):
        """@param users configuration in which `default` is whoever asks"""
        if self.process is None or self.running_as != users:
            self.stop()
            with open(f'{self.folder}/users.xml', 'w') as file:
                file.write(users)
            with open(f'{self.folder}/config.xml', 'w') as file:
                file.write('<clickhouse><user_directories><users_xml><path>' + f'{self.folder}/users.xml'
                           + '</path></users_xml></user_directories></clickhouse>')
            self.process = subprocess.Popen(
                [sys.executable, __file__, 'engine', f'{self.folder}/data', f'{self.folder}/config.xml'],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            self.running_as = users
        self.process.stdin.write(json.dumps(statement) + '\n')
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if line == '':
            self.process = None
            raise Refused('Code: 1002. DB::Exception: the engine has ended. (UNKNOWN_EXCEPTION)')
        answer = json.loads(line)
        if 'error' in answer:
            raise Refused(answer['error'])
        return answer['text']

    def stop(self):
        if self.process is not None:
            self.process.stdin.close()
            self.process.wait()
            self.process = None


# ── who there is, and what they may ─────────────────────────────────────────────────────────────────

NAME = r'(?:`([^`]+)`|(\w+))'
FORMS = [
    (r'CREATE USER IF NOT EXISTS {n} IDENTIFIED WITH sha256_hash BY \'([0-9a-fA-F]+)\'$', 'create_user'),
    (r'DROP USER IF EXISTS {n}$', 'drop_user'),
    (r'CREATE ROLE IF NOT EXISTS {n}$', 'create_role'),
    (r'DROP ROLE IF EXISTS {n}$', 'drop_role'),
    (r'ALTER ROLE {n} DROP ALL SETTINGS, DROP ALL PROFILES, ADD SETTINGS? (.+)$', 'set_settings'),
    (r'CREATE ROW POLICY OR REPLACE {n} ON {n}\.{n} FOR SELECT USING (.+) TO {n}$', 'create_policy'),
    (r'DROP ROW POLICY IF EXISTS {n} ON {n}\.{n}$', 'drop_policy'),
    (r'CREATE QUOTA OR REPLACE {n} KEYED BY user_name FOR INTERVAL 1 minute MAX (.+) TO {n}$', 'create_quota'),
    (r'DROP QUOTA IF EXISTS {n}$', 'drop_quota'),
    (r'GRANT (SELECT|INSERT|ALTER DELETE) ON {n}\.{n} TO {n}$', 'grant'),
    (r'REVOKE (SELECT|INSERT|ALTER DELETE) ON {n}\.{n} FROM {n}$', 'revoke'),
    (r'GRANT {n} TO {n}$', 'grant_role'),
]
FORMS = [(re.compile(form.replace('{n}', NAME), re.S), name) for form, name in FORMS]
ACCESS = re.compile(r'\s*(?:GRANT|REVOKE|(?:CREATE|ALTER|DROP)\s+(?:USER|ROLE|ROW\s+POLICY|POLICY|QUOTA|SETTINGS\s+PROFILE))\b', re.I)


def pairs(text):
    return dict(re.findall(r'(\w+) = (\d+)', text))


class Access:
    def __init__(self):
        self.users, self.roles, self.policies, self.quotas, self.grants, self.granted = {}, {}, {}, {}, set(), set()

    def apply(self, statement):
        for form, name in FORMS:
            found = form.match(statement)
            if found:
                # A name stands in one of two groups, quoted or not.
                return getattr(self, name)(*[part for part in found.groups() if part is not None])
        raise Refused(f'Code: 48. DB::Exception: this stand-in for a store of users knows no “{statement[:60]}”. (NOT_IMPLEMENTED)')

    def create_user(self, user, digest): self.users.setdefault(user, digest.lower())
    def create_role(self, role): self.roles.setdefault(role, {})
    def set_settings(self, role, text): self.roles[self.known(role)] = pairs(text)
    def create_policy(self, name, database, table, using, to): self.policies[(name, database, table)] = (using, to)
    def drop_policy(self, name, database, table): self.policies.pop((name, database, table), None)
    def create_quota(self, name, text, to): self.quotas[name] = (pairs(text), self.known(to))
    def drop_quota(self, name): self.quotas.pop(name, None)
    def grant(self, right, database, table, to): self.grants.add((right, database, table, self.known(to)))
    def revoke(self, right, database, table, of): self.grants.discard((right, database, table, of))
    def grant_role(self, role, to): self.granted.add((self.known(role), self.known(to)))

    def drop_user(self, user):
        self.users.pop(user, None)
        self.forget(user)

    def drop_role(self, role):
        self.roles.pop(role, None)
        self.forget(role)

    def forget(self, name):
        self.grants = {one for one in self.grants if one[3] != name}
        self.granted = {one for one in self.granted if name not in one}

    def known(self, name):
        if name in self.users or name in self.roles:
            return name
        raise Refused(f'Code: 511. DB::Exception: There is no role `{name}` in `user directories`. (UNKNOWN_ROLE)')

    def configuration(self, user):
        """The engine's users: `default` is whoever asks, `admin` is there as who views were defined by."""
        names = {user} | {role for role, to in self.granted if to == user}
        profile, limits = '', ''
        for name in names & set(self.roles):
            for setting, value in self.roles[name].items():
                profile += f'<{setting}>{value}</{setting}><constraints><{setting}><max>{value}</max></{setting}></constraints>'
        for values, to in self.quotas.values():
            if to in names:
                limits += '<interval><duration>60</duration>' + ''.join(f'<{n}>{v}</{n}>' for n, v in values.items()) + '</interval>'
        databases = ''
        for (_, database, table), (using, to) in sorted(self.policies.items()):
            # One that lets everything be seen is as none, and needs no new start.
            if to in names and using != '1':
                databases += f'<{database}><{table}><filter>{escape(using)}</filter></{table}></{database}>'
        if user == ADMIN:
            rights = '<access_management>1</access_management>'
        else:
            given = [f'GRANT {right} ON `{database}`.`{table}`' for right, database, table, to in sorted(self.grants) if to in names]
            rights = '<grants>' + ''.join(f'<query>{escape(one)}</query>' for one in given or ['GRANT SELECT ON nothing.nothing']) + '</grants>'
        entry = '<password></password><networks><ip>::/0</ip></networks><quota>{0}</quota><profile>{0}</profile>'
        return (f'<clickhouse><profiles><default/><asking>{profile}</asking><free/></profiles><quotas><asking>{limits}</asking><free/></quotas><users>'
                f'<default>{entry.format("asking")}{rights}<databases>{databases}</databases></default>'
                f'<{ADMIN}>{entry.format("free")}<access_management>1</access_management></{ADMIN}></users></clickhouse>')

    def tables(self):
        """The system tables that a store of users fills, with ClickHouse's names and types."""
        text, maybe = 'String', 'Nullable(String)'
        grantee = lambda name: {'user_name': name if name in self.users else None, 'role_name': name if name in self.roles else None}
        return {
            'users': (f'name {text}', [{'name': name} for name in self.users]),
            'roles': (f'name {text}', [{'name': name} for name in self.roles]),
            'quotas': (f'name {text}', [{'name': name} for name in self.quotas]),
            'quota_limits': (
                f'quota_name {text}, duration UInt32, max_queries Nullable(UInt64), max_execution_time Nullable(Float64)',
                [{'quota_name': name, 'duration': 60, **{f'max_{n}': int(v) for n, v in values.items()}} for name, (values, _) in self.quotas.items()]),
            'grants': (
                f'user_name {maybe}, role_name {maybe}, access_type {text}, database {maybe}, table {maybe}',
                [{**grantee(to), 'access_type': right, 'database': database, 'table': table} for right, database, table, to in self.grants]),
            'role_grants': (
                f'user_name {maybe}, role_name {maybe}, granted_role_name {text}',
                [{**grantee(to), 'granted_role_name': role} for role, to in self.granted]),
            'row_policies': (
                f'short_name {text}, database {text}, table {text}, select_filter {maybe}, apply_to_list Array({text})',
                [{'short_name': name, 'database': database, 'table': table, 'select_filter': using, 'apply_to_list': [to]}
                 for (name, database, table), (using, to) in self.policies.items()]),
            'settings_profile_elements': (
                f'role_name {maybe}, setting_name {maybe}, value {maybe}, max {maybe}',
                [{'role_name': role, 'setting_name': setting, 'value': value, 'max': value}
                 for role, settings in self.roles.items() for setting, value in settings.items()]),
        }

    def shown(self, statement):
        """The statement, reading what is kept here instead of the engine's own."""
        for name, (columns, rows) in self.tables().items():
            lines = '\n'.join(json.dumps(row) for row in rows).replace('\\', '\\\\').replace("'", "\\'")
            statement = re.sub(rf'\bsystem\.{name}\b', lambda _: f"(SELECT * FROM format(JSONEachRow, '{columns}', '{lines}')) AS {name}", statement)
        return statement


# ── HTTP ────────────────────────────────────────────────────────────────────────────────────────────

# Of the interface itself, not of a query.
INTERFACE = {'query', 'query_id', 'database', 'default_format', 'wait_end_of_query', 'session_id', 'role', 'enable_http_compression',
             'compress', 'decompress', 'send_progress_in_http_headers', 'http_headers_progress_interval_ms'}


def quoted(value):
    return "'" + value.replace('\\', '\\\\').replace("'", "\\'") + "'"


class Server:
    def __init__(self, folder, password):
        self.engine, self.access, self.lock = Engine(folder), Access(), threading.Lock()
        self.access.users[ADMIN] = hashlib.sha256(password.encode()).hexdigest()

    def ask(self, user, password, params, body):
        digest = hashlib.sha256(password.encode()).hexdigest()
        with self.lock:
            if self.access.users.get(user) != digest:
                raise Refused(f'Code: 516. DB::Exception: {user}: Authentication failed: password is incorrect, or there is no user with such name. (AUTHENTICATION_FAILED)')
            statement = '\n'.join(part for part in (params.get('query', ''), body) if part != '')
            run = lambda text: self.engine.run(self.access.configuration(user), text)
            if ACCESS.match(statement):
                if user != ADMIN:
                    raise Refused(f'Code: 497. DB::Exception: {user}: Not enough privileges. (ACCESS_DENIED)')
                formatted = run(f'SELECT formatQuerySingleLine({quoted(statement)}) FORMAT TSVRaw').strip()
                self.access.apply(formatted)
                return ''
            settings = {name: value for name, value in params.items() if name not in INTERFACE}
            try:
                for name, value in settings.items():
                    run(f'SET {name} = {quoted(value)}')
                run(f'USE {quoted_name(params.get("database") or "default")}')
                return run(self.access.shown(statement).replace('DEFINER = CURRENT_USER', f'DEFINER = {ADMIN}'))
            finally:
                for name in settings:
                    if not name.startswith('param_') and self.engine.process is not None:
                        run(f'SET {name} = DEFAULT')


def quoted_name(name):
    return '`' + name.replace('`', '') + '`'


def handler(server):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = 'HTTP/1.1'

        def do_GET(self):
            if urlsplit(self.path).path == '/ping':
                return self.answer(200, 'Ok.\n')
            self.serve('')

        def do_POST(self):
            self.serve(self.read_body())

        def read_body(self):
            if self.headers.get('Transfer-Encoding', '').lower() != 'chunked':
                return self.rfile.read(int(self.headers.get('Content-Length') or 0)).decode()
            parts = []
            while (size := int(self.rfile.readline().strip() or b'0', 16)) > 0:
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b''.join(parts).decode()

        def serve(self, body):
            login = base64.b64decode((self.headers.get('Authorization') or 'Basic Og==').removeprefix('Basic ')).decode()
            user, _, password = login.partition(':')
            try:
                text = server.ask(user, password, dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True)), body)
                self.answer(200, text)
            except Refused as error:
                code = re.match(r'Code: (\d+)', str(error))
                self.answer(403 if '(ACCESS_DENIED)' in str(error) else 500, f'{error}\n', code and code[1])

        def answer(self, status, text, code=None):
            content = text.encode()
            self.send_response(status)
            self.send_header('Content-Type', 'text/plain; charset=UTF-8')
            self.send_header('Content-Length', str(len(content)))
            if code:
                self.send_header('X-ClickHouse-Exception-Code', code)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    return Handler


if __name__ == '__main__':
    if sys.argv[1] == 'engine':
        engine(sys.argv[2], sys.argv[3])
    else:
        one = Server(sys.argv[3], os.environ['ADMIN_PASSWORD'])
        ThreadingHTTPServer(('127.0.0.1', int(sys.argv[2])), handler(one)).serve_forever()
