"""The sixth of the nine: F23, all six results, then F22."""

from __future__ import annotations

from sim.stage import Counter
from sim.stories import f23_offline
from sim.stories.tell import Tell

TITLE = (
    "断网24小时：离线受理，六种结果，补收退差，日终对平",
    "24 hours without a network: served, six results, the differences collected, the day agrees",
)
LACKS = f23_offline.LACKS


def play(tell: Tell) -> None:
    """The outage, and the work after it."""
    with f23_offline.town(tell) as town:
        f23_offline.told(tell, town)
        afterwards(tell, town.desks["desk"])


def afterwards(tell: Tell, desk: Counter) -> None:
    """The staff close their tasks; 3201 on the day they were decided."""
    for task in desk.tasks():
        tell.does(f"张护士处理任务：{task.bill_no} 收款{task.due_fen / 100:.2f}元",
                  f"Nurse Zhang closes a task: {task.bill_no}, ¥{task.due_fen / 100:.2f} collected")  # fmt: skip
        reply = desk.close(task.task_id, "collected", task.due_fen)
        tell.holds("关闭任务也是签名的记录", "closing it is a signed record as well", reply.status < 300)
    desk.serve()
    tell.holds("没有剩下的任务", "no task is left", not [one for one in desk.tasks() if one.status == "open"])
    tell.does("日终对账（3201）", "The end of the day (3201)")
    day = desk.close_day()
    tell.holds("与中心对平", "equal to the centre's", day.state == "reconciled")
