"""Why a broker could not be reached, in words that say what to do; the library gives OpenSSL's alone."""

REMEDIES: tuple[tuple[tuple[str, ...], str], ...] = (
    (
        ("certificate has expired",),
        "the broker's certificate has expired: renew it at the broker, or set this machine's clock",
    ),
    (
        ("certificate is not yet valid",),
        "the broker's certificate is not valid yet: set this machine's clock, or wait for the broker's day",
    ),
    (
        ("Hostname mismatch", "IP address mismatch"),
        "the broker's certificate is for another name: connect by a name that stands in it, or renew it",
    ),
    (
        ("certificate verify failed",),
        "the CA file does not vouch for who answers there: an intruder, if no other CA signs brokers now",
    ),
    (
        ("ALERT_CERTIFICATE_REQUIRED", "alert certificate required"),
        "the broker asks for a client certificate: set the automat's certificate and key",
    ),
    (
        ("ALERT_CERTIFICATE_EXPIRED", "alert certificate expired"),
        "the automat's certificate has expired for the broker: have it renewed, or set the broker's clock",
    ),
    (
        ("ALERT_UNKNOWN_CA", "alert unknown ca"),
        "the broker does not know who issued the automat's certificate: use one of the CA that it trusts",
    ),
    (
        ("ALERT_CERTIFICATE_REVOKED", "alert certificate revoked"),
        "the automat's certificate was withdrawn: have a new one issued",
    ),
    (
        (
            "ALERT_BAD_CERTIFICATE",
            "ALERT_CERTIFICATE_UNKNOWN",
            "ALERT_UNSUPPORTED_CERTIFICATE",
            "alert bad certificate",
        ),
        "the broker refuses the automat's certificate: look at its dates, or have a new one issued",
    ),
    (
        ("UNSUPPORTED_PROTOCOL", "ALERT_PROTOCOL_VERSION", "NO_PROTOCOLS_AVAILABLE"),
        "the broker offers no TLS 1.2 or newer: older ones are not used; bring the broker up to date",
    ),
    (
        ("HANDSHAKE_FAILURE", "handshake failure"),
        "the broker ended the TLS handshake: it may ask for a client certificate, or share no cipher",
    ),
    (
        ("Not authorized", "Bad user name", "Bad username"),
        "the broker's access rules: the common name of the automat's certificate has to be the automat's id",
    ),
)
NO_TLS = ("WRONG_VERSION_NUMBER", "EOF occurred", "UNEXPECTED_EOF", "Connection reset by peer")
NO_GREETING = "the broker ended the connection without a greeting"


def explain(trouble: str, *, tls: bool) -> str:
    """Add what to do to what went wrong while connecting; `tls`: whether we asked for it."""
    for signs, remedy in REMEDIES:
        if any(sign in trouble for sign in signs):
            return f"{trouble}; {remedy}"
    if tls and any(sign in trouble for sign in NO_TLS):
        return f"{trouble}; who answers there speaks no TLS: set the port of the broker's TLS listener"
    if not tls and (trouble.startswith(NO_GREETING) or "reset by peer" in trouble):
        return f"{trouble}; if its port is one for TLS, give the broker's CA file"
    return trouble
