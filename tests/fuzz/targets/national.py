"""Messages of a HIS at the national door: the outer form, then every transaction's own."""

from sim.centre.national import envelope, schema
from sim.centre.national.schema import Wrong

MAX_BYTES = 8_192
HEAD = (
    b'{"infno":"1101","msgid":"H51010000009202611180800000001","mdtrtarea_admvs":"510100",'
    b'"recer_sys_code":"YBXT","infver":"V1.0","opter_type":"1","opter":"1","opter_name":"1",'
    b'"inf_time":"2026-11-18 08:00:00","fixmedins_code":"H51010000009","fixmedins_name":"x",'
)


def seeds() -> list[bytes]:
    who = b'"input":{"data":{"mdtrt_cert_type":"03","mdtrt_cert_no":"1"}}}'
    fee = (
        b'"input":{"feedetail":[{"feedetl_sn":"1","mdtrt_id":"1","psn_no":"1","chrg_bchno":"1",'
        b'"fee_ocur_time":"2026-11-18","med_list_codg":"1","medins_list_codg":"1",'
        b'"det_item_fee_sumamt":1.50,"cnt":"1.0","pric":"1.5"}]}}'
    )
    file = b'"input":{"fsUploadIn":{"in":"AAAA","filename":"a","fixmedins_code":"1"}}}'
    rest = [(b"1101", who), (b"2204", fee), (b"9101", file)]
    return [HEAD.replace(b"1101", infno) + given for infno, given in rest] + [b"{}", b"[[[[]]]]"]


def eat(data: bytes) -> None:
    try:
        message = envelope.read(data)
        if message["infno"] in schema.forms():
            schema.check(message["infno"], message.input)
    except Wrong:
        return
