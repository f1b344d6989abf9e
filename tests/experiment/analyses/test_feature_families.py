"""Families of features by their names."""

from avbaselines.experiment.analyses.feature_families import families


def test_names_of_opensmile_and_face_tools_are_known():
    known = {
        "prosody": [
            "F0semitoneFrom27.5Hz_sma3nz_amean", "F0final_sma_stddev", "loudness_sma3_percentile20.0",
            "loudnessPeaksPerSec", "VoicedSegmentsPerSec", "MeanUnvoicedSegmentLength", "StddevVoicedSegmentLengthSec",
            "equivalentSoundLevel_dBp", "pcm_RMSenergy_sma_max", "audspec_lengthL1norm_sma_range",
        ],
        "voice quality": [
            "jitterLocal_sma3nz_amean", "jitterDDP_sma_de_iqr1-2", "shimmerLocaldB_sma3nz_amean",
            "HNRdBACF_sma3nz_amean", "logHNR_sma_iqr1-3", "logRelF0-H1-A3_sma3nz_amean",
            "voicingFinalUnclipped_sma_max",
        ],
        "spectrum": [
            "F1frequency_sma3nz_amean", "F3amplitudeLogRelF0_sma3nz_amean", "alphaRatioV_sma3nz_amean",
            "hammarbergIndexUV_sma3nz_amean", "slopeV0-500_sma3nz_amean", "slopeUV500-1500_sma3nz_amean",
            "spectralFlux_sma3_amean", "mfcc1_sma3_amean", "audSpec_Rfilt_sma[0]_range", "pcm_fftMag_fband250-650_sma",
        ],
        "action units": ["AU01_r_mean", "AU45_c_share", "AU12"],
        "brows and eyes": ["inner_brow_height_mean", "brow_gap_std", "eye_opening_peak_rate"],
        "mouth and jaw": ["lip_gap_mean", "mouth_width_std", "upper_lip_nose_distance_p10", "jaw_drop_onset_slope"],
        "head": ["pitch_mean", "yaw_std", "pose_Rx_mean"],
        "other": ["x7", "audio_12", "face_share"],
    }  # fmt: skip
    columns = [column for names in known.values() for column in names]
    found = families(columns)
    assert {name: [columns[position] for position in positions] for name, positions in found.items()} == known
